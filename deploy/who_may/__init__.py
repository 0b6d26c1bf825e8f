"""Who may do what, stated once: the tests try every route by it, and docs/who-may-what.md is made of it."""
