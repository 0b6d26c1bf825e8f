"""The registry's lists and timelines: scoped before anything is counted, each served by an index."""
