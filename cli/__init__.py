"""How this project's programs meet their users: flags, exit codes, files, interrupts."""
