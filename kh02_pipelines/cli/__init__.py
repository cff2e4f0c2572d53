"""The command line: one module a group of commands.

Belongs here: reading arguments, calling one function, printing, exit codes. Does not belong here: what a command does.
"""
