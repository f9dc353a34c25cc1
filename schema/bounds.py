"""The bounds of what callers give: characters of each text, items of each list, bytes of JSON.

Each is the number of the rule or the column that the value meets. Texts and lists that are not named here have the
general bounds, so nothing is unbounded. resolvers.bounds checks all of them before a resolver runs.
"""

from collections.abc import Mapping

from models.enums import MediaKind
from models.generation_parameters import PARAMETERS
from services.accounts.checking import MAX_ACCOUNTS
from services.accounts.outcomes import MAX_ITEMS
from services.accounts.rules import MAX_SESSION_LENGTH
from services.film.assets import MAX_PROMPT_LENGTH
from services.film.storyboards import MAX_WORDS_LENGTH
from services.film.workflow_options import MAX_LANGUAGE_LENGTH, MAX_TEXT_LENGTH
from services.film.workflows import MAX_NAME_LENGTH
from services.generation import refresh
from services.generation.batches.batch_input import MAX_ITEMS as MAX_BATCH_ITEMS
from services.generation.batches.canceling import MAX_REASON_CHARACTERS
from services.generation.checking import (
    MAX_ID_CHARACTERS,
    MAX_INPUT_IMAGES,
    MAX_NAME_CHARACTERS,
    MAX_PROMPT_CHARACTERS,
    MAX_STRATEGY_ACCOUNTS,
)
from services.generation.mentions import MAX_NAME_CHARACTERS as MAX_REFERENCE_NAME_CHARACTERS
from services.generation.references import MAX_REFERENCES
from services.platform.idempotency import MAX_KEY_LENGTH
from services.platform.links import MAX_URL_CHARACTERS
from services.platform.paging import MAX_CURSOR_CHARACTERS, MAX_IDS

GLOBAL_ID_CHARACTERS = 64
GENERAL_CHARACTERS = 1000
GENERAL_ITEMS = 100
SEARCHED_CHARACTERS = 200
CHOSEN_CHARACTERS = 64
"Names of what the deployment has: providers and models."
VOICE_CHARACTERS = 128
JSON_BYTES = 16 * 1024

CHARACTERS: Mapping[str, int | None] = {
    "name": MAX_NAME_LENGTH,
    "projectName": MAX_NAME_CHARACTERS,
    "projectId": MAX_ID_CHARACTERS,
    "workId": MAX_ID_CHARACTERS,
    "storyboardId": MAX_ID_CHARACTERS,
    "storyboardIds": MAX_ID_CHARACTERS,
    "storyId": MAX_NAME_CHARACTERS,
    "sessionId": MAX_SESSION_LENGTH,
    "idempotencyKey": MAX_KEY_LENGTH,
    "prompt": MAX_PROMPT_CHARACTERS,
    "negativePrompt": MAX_PROMPT_CHARACTERS,
    "character": MAX_PROMPT_LENGTH,
    "scene": MAX_PROMPT_LENGTH,
    "action": MAX_PROMPT_LENGTH,
    "dialogue": MAX_WORDS_LENGTH,
    "narration": MAX_WORDS_LENGTH,
    "text": MAX_WORDS_LENGTH,
    "speaker": MAX_NAME_CHARACTERS,
    "style": MAX_TEXT_LENGTH,
    "tone": MAX_TEXT_LENGTH,
    "musicStyle": MAX_TEXT_LENGTH,
    "reason": MAX_REASON_CHARACTERS,
    "language": MAX_LANGUAGE_LENGTH,
    "provider": CHOSEN_CHARACTERS,
    "textProvider": CHOSEN_CHARACTERS,
    "imageProvider": CHOSEN_CHARACTERS,
    "videoProvider": CHOSEN_CHARACTERS,
    "speechProvider": CHOSEN_CHARACTERS,
    "model": CHOSEN_CHARACTERS,
    "textModel": CHOSEN_CHARACTERS,
    "imageModel": CHOSEN_CHARACTERS,
    "videoModel": CHOSEN_CHARACTERS,
    "voiceId": VOICE_CHARACTERS,
    "ratio": CHOSEN_CHARACTERS,
    "resolution": CHOSEN_CHARACTERS,
    "size": CHOSEN_CHARACTERS,
    "scheduler": PARAMETERS["scheduler"].max_characters,
    "sha256": 64,
    "historyId": refresh.MAX_ID_CHARACTERS,
    "after": MAX_CURSOR_CHARACTERS,
    "before": MAX_CURSOR_CHARACTERS,
    "nameContains": SEARCHED_CHARACTERS,
    "promptContains": SEARCHED_CHARACTERS,
    "callbackUrl": MAX_URL_CHARACTERS,
    "voiceoverUrl": MAX_URL_CHARACTERS,
    "bgmUrl": MAX_URL_CHARACTERS,
    "inputFile": MAX_URL_CHARACTERS,
    "inputImages": MAX_URL_CHARACTERS,
    "ReferenceInput.name": MAX_REFERENCE_NAME_CHARACTERS,
    "ReferenceInput.file": MAX_URL_CHARACTERS,
    "music": MAX_URL_CHARACTERS,
    "inputContent": None,
    "GenerateImageInput.style": PARAMETERS["style"].max_characters,
    "ImageBatchItemInput.style": PARAMETERS["style"].max_characters,
    "RegenerateInput.style": PARAMETERS["style"].max_characters,
}
"""Characters of a text, or of each text of a list: by the name of its argument or field, or by its coordinate in the
schema where the name means something else there. None: the reader of the text checks it, by the deployment's limit of a
file's bytes.
"""

ITEMS: Mapping[str, int] = {
    "ids": MAX_IDS,
    "shotIds": MAX_IDS,
    "assetIds": MAX_IDS,
    "storyboardIds": MAX_IDS,
    "accountIds": MAX_STRATEGY_ACCOUNTS,
    "accounts": MAX_ITEMS,
    "CreateImageBatchInput.items": MAX_BATCH_ITEMS[MediaKind.IMAGE],
    "CreateVideoBatchInput.items": MAX_BATCH_ITEMS[MediaKind.VIDEO],
    "inputImages": MAX_INPUT_IMAGES,
    "references": MAX_REFERENCES,
    "Mutation.checkAccounts(ids:)": MAX_ACCOUNTS,
    "Mutation.receiveCredits(ids:)": MAX_ACCOUNTS,
}
"Items of a list, by name or coordinate as in CHARACTERS."

NEVER_EMPTY = frozenset({"idempotencyKey"})
"Texts that no rule of a service refuses before its work begins."

REFUSED_ONE_BY_ONE = frozenset({"CreateAccountsInput.accounts", "UpdateAccountsInput.accounts"})
"Lists whose items succeed or fail each on its own: the service checks each item, and here is only their number."


def characters_of(name: str, coordinate: str) -> int | None:
    """The bound of a text; None where its reader has it."""
    return CHARACTERS.get(coordinate, CHARACTERS.get(name, GENERAL_CHARACTERS))


def items_of(name: str, coordinate: str) -> int:
    return ITEMS.get(coordinate, ITEMS.get(name, GENERAL_ITEMS))
