"""The documents that tests of batches send."""

CREATE_IMAGES = """
mutation ($input: CreateImageBatchInput!) {
  createImageBatch(input: $input) {
    batch { id status } totalCount queueCount skippedStoryboardIds estimatedSeconds estimatedCredits warnings
  }
}"""
CREATE_VIDEOS = """
mutation ($input: CreateVideoBatchInput!) {
  createVideoBatch(input: $input) {
    batch { id status } totalCount queueCount skippedStoryboardIds estimatedSeconds estimatedCredits warnings
  }
}"""
_STATE = """
    id status progress totalCount pendingCount runningCount succeededCount failedCount canceledCount skippedCount
    cancelReason pauseReason creditBudget creditsSpent startedAt finishedAt
"""
BATCH = f"query ($id: ID!) {{ batch(id: $id) {{ {_STATE} }} }}"
PROGRESS = f"subscription ($id: ID!) {{ batchProgress(id: $id) {{ {_STATE} }} }}"
JOBS = """
query ($id: ID!, $first: Int!, $after: String) {
  batch(id: $id) {
    jobs(first: $first, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes {
        id storyboardId status retryCount startedAt finishedAt
        error { code upstreamCode }
        attempts { id outcome creditsSpent historyId account { name } error { code upstreamCode } }
      }
    }
  }
}"""
CANCEL = """
mutation ($id: ID!, $reason: String) {
  cancelBatch(id: $id, reason: $reason) { batch { id status } canceledCount succeededCount affectedStoryboardIds }
}"""
PAUSE = "mutation ($id: ID!) { pauseBatch(id: $id) { batch { id status } } }"
RESUME = "mutation ($id: ID!) { resumeBatch(id: $id) { batch { id status } } }"
RESUME_WITH_BUDGET = """
mutation ($id: ID!, $budget: Int) { resumeBatch(id: $id, creditBudget: $budget) { batch { id status creditBudget } } }
"""
RETRY = "mutation ($input: RetryBatchInput!) { retryBatch(input: $input) { batch { id status } retriedCount } }"
ALERTS = "query ($open: Boolean) { alerts(open: $open, first: 50) { nodes { kind message resolvedAt batch { id } } } }"
DELIVERIES = """
query ($id: ID!) {
  batch(id: $id) {
    status
    callbackDeliveries { id event url status nextAttemptAt deliveredAt tries { at statusCode error } }
  }
}"""
REDELIVER = "mutation ($id: ID!) { redeliverCallback(deliveryId: $id) { delivery { id status } } }"
ROTATE = 'mutation { rotateWebhookSecret(idempotencyKey: "acceptance") { secret } }'
STATISTICS = """
query ($work: String) {
  recordStatistics(filter: { workId: $work }) {
    total succeeded failed pending running canceled successRate creditsSpent switches
    byDay { imageCount } byWork { workId imageCount } byError { code count }
    averageGenerationSeconds p95GenerationSeconds
  }
}"""
