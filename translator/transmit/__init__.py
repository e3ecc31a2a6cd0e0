"""How a payload arrives: clients, tokens, the response table, retries and the dispatcher."""
