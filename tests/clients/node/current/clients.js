// The documents that Relay's compiler compiles; it reads them from here only.
import { graphql } from "relay-runtime";

graphql`query clientsMeQuery { me { owner } }`;
graphql`mutation clientsCreateMutation($input: CreateAccountsInput!) { createAccounts(input: $input) { successCount } }`;
graphql`mutation clientsSendMutation($file: Upload!) { uploadFile(file: $file) { file { bytes } } }`;
graphql`query clientsPageQuery($after: String) {
  accounts(first: 2, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } }
}`;
graphql`subscription clientsChangesSubscription { accountChanges { deletedAccountId account { id name } } }`;
