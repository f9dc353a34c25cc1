"""Short texts for films that are quick to make, and the documents that tests send about them."""

from typing import Any

CHINESE = (
    "清晨，阿明推开木门，走进院子。奶奶坐在槐树下，笑着看他。\n"
    "“奶奶，我去上学了。”阿明说。\n"
    "“路上小心。”奶奶说。\n"
    "雨停了，街上很安静。阿明跑过石桥，遇见了老师。\n"
    "“早上好，阿明！”老师说。\n"
    "他们一起走进学校，铃声响了。\n"
)
ENGLISH = (
    "Early in the morning Anna opened the wooden door and walked into the garden. "
    "Her grandmother sat under the old tree and smiled.\n\n"
    '"I am going to school, Grandmother," said Anna.\n\n'
    '"Take care on the road," said the grandmother.\n\n'
    "The rain had stopped and the street was quiet. Anna ran over the stone bridge and met the teacher.\n\n"
    '"Good morning, Anna!" said the teacher.\n\n'
    "Together they walked into the school, and the bell rang.\n"
)
OPTIONS: dict[str, Any] = {
    "resolution": "480p",
    "quality": "DRAFT",
    "targetShots": 5,
    "shotSecondsMin": 1.0,
    "shotSecondsMax": 2.0,
}

CREATE_WORKFLOW = """
mutation ($input: CreateWorkflowInput!) {
  createWorkflow(input: $input) { workflow { id name status currentStage progress } }
}"""
WORKFLOW = """
query ($id: ID!) {
  workflow(id: $id) {
    id name status currentStage progress
    error { code message retryable }
    stages { stage status progress startedAt finishedAt error { code message } job { id status progress retryCount } }
    script { id language screenplay }
    storyboard { id }
    animatic { id }
    video { id }
    edit { id }
  }
}"""
EVENTS = """
subscription ($id: ID!) {
  workflowEvents(id: $id) {
    __typename
    ... on WorkflowProgressed {
      overallProgress currentStage stageProgress workflow { id status stages { stage status } }
    }
    ... on StageCompleted { stage workflow { id } }
    ... on StageFailed { stage error { code message } }
    ... on WorkflowCompleted { workflow { id status progress } }
    ... on WorkflowFailed { workflow { id status } error { code message } }
  }
}"""
JOB_PROGRESS = """
subscription ($ids: [ID!]!) {
  jobProgress(ids: $ids) { id type status progress message error { code message retryable } }
}"""
SHOTS = """
query ($id: ID!) {
  storyboard(id: $id) {
    id status gridLayout shotsCount completedShots
    gridImages { url sha256 width height }
    shots(first: 100) {
      nodes {
        id sequence title prompt shotType narration dialogue speaker durationSeconds status needsRegeneration
        image { sha256 } croppedImage { url sha256 width height contentType } candidates { sha256 }
        error { code message }
      }
    }
  }
}"""
ANIMATIC = """
query ($id: ID!) {
  animatic(id: $id) {
    id status totalSeconds
    video { url sha256 durationSeconds } audio { url sha256 durationSeconds }
    shots(first: 100) {
      nodes { shot { id } video { sha256 } audio { url sha256 durationSeconds } startSeconds durationSeconds }
    }
  }
}"""
VIDEO = """
query ($id: ID!) {
  video(id: $id) {
    id status progress totalSegments completedSegments
    segments(first: 100) {
      nodes { id shot { id } status progress durationSeconds video { url sha256 durationSeconds width height } }
    }
  }
}"""
EDIT = """
query ($id: ID!) {
  edit(id: $id) {
    id status audioEffects durationSeconds
    film { url sha256 bytes width height durationSeconds contentType }
    subtitles { url sha256 contentType } poster { url sha256 width height contentType }
    backgroundMusic { url sha256 }
  }
}"""
EDIT_SHOT = """
mutation ($input: EditShotInput!) {
  editShot(input: $input) { shot { id prompt narration dialogue shotType needsRegeneration croppedImage { sha256 } } }
}"""
CHANGE_IMPACT = """
query ($shotIds: [ID!]!, $words: Boolean) {
  changeImpact(shotIds: $shotIds, words: $words) {
    shots { id } images animaticParts clips speeches films credits seconds
  }
}"""


def steering(name: str) -> str:
    """A mutation that takes a workflow's id: pauseWorkflow, resumeWorkflow, cancelWorkflow or retryWorkflow."""
    return f"mutation ($id: ID!) {{ {name}(id: $id) {{ workflow {{ id status progress currentStage }} }} }}"


def about_job(name: str) -> str:
    """A mutation that takes a job's id: cancelJob or retryJob."""
    return f"mutation ($id: ID!) {{ {name}(id: $id) {{ job {{ id status retryCount error {{ code }} }} }} }}"
