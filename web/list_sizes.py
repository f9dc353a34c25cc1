"""How long each list of the schema can be, for the cost of a document before it is executed.

Lists with `first` or `last` say it themselves. The others are here: what the server allows at most, or where a list has
no bound of its own, a size that it rarely exceeds. What then exceeds it is bounded by the time-out of queries.
"""

from collections.abc import Mapping

from services.platform.paging import DEFAULT_SIZE, MAX_SIZE

__all__ = ["ARGUMENTS", "ASSUMED_SIZE", "DEFAULT_SIZE", "LIST_SIZES", "MAX_SIZE"]

# The length of the longest list among the field's arguments; for a list of a payload, among those of its mutation.
ARGUMENTS = -1
# Of a list that is not in the table. tests/web/test_list_sizes.py finds lists that are missing.
ASSUMED_SIZE = 100

# Lists of objects by "Type.field". Lists of scalars count as one value.
LIST_SIZES: Mapping[str, int] = {
    "Account.cooldowns": 20,
    "AccountHealth.reasons": 10,
    "AccountStatistics.bySite": 10,
    "AccountsPayload.accounts": ARGUMENTS,
    "AccountsPayload.failures": ARGUMENTS,
    "AssetList.assets": 100,
    "Batch.callbackDeliveries": 20,
    "CallbackDelivery.tries": 10,
    "ChangeImpact.shots": 100,
    "CreateAccountsPayload.accounts": ARGUMENTS,
    "CreateAccountsPayload.failures": ARGUMENTS,
    "DeletePayload.failures": ARGUMENTS,
    "GenerationRecord.callbackDeliveries": 20,
    "GenerationRecord.files": 8,
    "ImageRecord.callbackDeliveries": 20,
    "ImageRecord.files": 8,
    "ItemFailure.faults": 5,
    "Job.attempts": 10,
    "Job.files": 20,
    "JobOrderPayload.failures": ARGUMENTS,
    "JobOrderPayload.nodes": ARGUMENTS,
    "KindForecast.byModel": 30,
    "Query.latestRecords": ARGUMENTS,
    "Query.models": 50,
    "Query.nodes": ARGUMENTS,
    "Query.providers": 20,
    "Query.voices": 100,
    "RecordStatistics.byDay": 100,
    "RecordStatistics.byError": 20,
    "RecordStatistics.byWork": 100,
    "RecordVersion.files": 8,
    "RetryBatchPayload.skipped": 100,
    "ScriptScene.shots": 20,
    "Shot.assets": 10,
    "Shot.candidates": 10,
    "Storyboard.gridImages": 20,
    "StrategyReplay.accounts": 100,
    "SystemStatus.queues": 20,
    "SystemStatus.workers": 50,
    "UpdateAccountsPayload.accounts": ARGUMENTS,
    "UpdateAccountsPayload.failures": ARGUMENTS,
    "VideoRecord.callbackDeliveries": 20,
    "VideoRecord.files": 8,
    "VideoRecord.references": 12,
    "Viewer.limits": 20,
    "Viewer.webhookSecrets": 3,
    "Workflow.callbackDeliveries": 20,
    "Workflow.stages": 6,
}
