"""The sub-commands that belong to the shell; each module's ``COMMAND`` says what it is."""
