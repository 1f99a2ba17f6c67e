//! Plays over hosts: strategies, handlers, loops, blocks; no SSH and no terminal.
