"""The documents that tests of the pool send."""

CREATE_ACCOUNTS = """
mutation ($input: CreateAccountsInput!) {
  createAccounts(input: $input) { accounts { id name } failures { path code message } }
}"""
ACCOUNT = """
query ($id: ID!) {
  account(id: $id) {
    id name status statusReason creditBalance consecutiveFailures inFlight imageCount videoCount
    imageAvailability videoAvailability cooldowns { kind model until reason }
  }
}"""
GENERATE_IMAGE = "mutation ($input: GenerateImageInput!) { generateImage(input: $input) { job { id status } } }"
GENERATE_VIDEO = "mutation ($input: GenerateVideoInput!) { generateVideo(input: $input) { job { id status } } }"
JOB = """
query ($id: ID!) {
  job(id: $id) {
    id type status progress message storyboardId retryCount
    error { code message retryable upstreamCode }
    files { url sha256 contentType }
    upstream { historyId taskType status failCode itemCount results }
    attempts {
      id number outcome historyId creditsSpent polls site startedAt finishedAt
      account { id name }
      error { code message retryable upstreamCode }
      route { account { id name } chosen reason until }
    }
  }
}"""
STATES = """
query ($ids: [ID!]!) {
  nodes(ids: $ids) { ... on Job { id type status storyboardId message error { code message } } }
}"""
RECORD = """
query ($id: ID!) {
  job(id: $id) {
    record { id status files { sha256 } versions(first: 10) { totalCount nodes { number files { sha256 } } } }
  }
}"""
REGENERATE = "mutation ($input: RegenerateInput!) { regenerate(input: $input) { job { id status } } }"
UPSTREAM_TASK = """
query ($account: ID!, $history: String!) {
  upstreamTask(accountId: $account, historyId: $history) { historyId taskType status failCode itemCount results }
}"""
REFRESH_JOB = "mutation ($id: ID!) { refreshJob(id: $id) { job { id status } } }"
DELETE_ACCOUNTS = "mutation ($ids: [ID!]!) { deleteAccounts(ids: $ids) { deletedIds failures { code message } } }"
UPLOAD = "mutation ($file: Upload!) { uploadFile(file: $file) { file { id } } }"
