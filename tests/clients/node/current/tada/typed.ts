// Compiles only if the types of the documents are those of the schema that was fetched.
import { initGraphQLTada, type ResultOf, type VariablesOf } from "gql.tada";
import type { introspection } from "./graphql-env.d.ts";

const graphql = initGraphQLTada<{ introspection: introspection }>();
const me = graphql(`query Me { me { owner } }`);
const page = graphql(`query Page($after: String) { accounts(first: 2, after: $after) { totalCount } }`);

export const owner = (result: ResultOf<typeof me>): string | undefined => result.me?.owner;
export const variables: VariablesOf<typeof page> = { after: null };
// @ts-expect-error: there is no such field
export const wrong = (result: ResultOf<typeof me>) => result.me?.nothing;
