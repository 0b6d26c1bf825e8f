"""Who may do what in the registry. The table in the documentation is generated from this folder."""
