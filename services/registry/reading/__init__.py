"""A file becomes a table, in a process of its own: nothing that is uploaded is parsed in the service.

`delimited` reads CSV, `spreadsheets` XLSX and ODS, `table` finds the header and gives rows of texts, `child` is
the process with its limits, `parent` starts it and takes the rows one page at a time.
"""
