"""One breaker a file; stanza `policy.yaml: breakers.<name>` = module = class in snake case."""
