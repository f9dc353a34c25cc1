"""HTTP: the ASGI application, GraphQL over HTTP and WebSockets, files, health, metrics, GraphiQL."""
