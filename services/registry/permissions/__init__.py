"""Who may do what in the registry. Tests walk every route for the one it states."""
