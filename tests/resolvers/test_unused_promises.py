"""What nothing here can do is refused where it is asked for, with the reason, and nothing is created."""

IMAGE = "mutation ($input: GenerateImageInput!) { generateImage(input: $input) { job { id } record { safetyCheck } } }"
CLIP = "mutation ($input: GenerateVideoInput!) { generateVideo(input: $input) { job { id } record { safetyCheck } } }"
AGAIN = "mutation ($input: RegenerateInput!) { regenerate(input: $input) { job { id } } }"
BATCH = "mutation ($input: CreateImageBatchInput!) { createImageBatch(input: $input) { batch { id } } }"
CLIPS = "mutation ($input: CreateVideoBatchInput!) { createVideoBatch(input: $input) { batch { id } } }"
ONE = {"storyboardId": "a", "prompt": "a pond"}
MANY = {"projectId": "p", "workId": "w", "items": [ONE, {**ONE, "storyboardId": "b"}]}
