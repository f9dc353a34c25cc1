"""Everything that is HTTP: the application, GraphQL over HTTP and WebSockets, files, health, GraphiQL."""
