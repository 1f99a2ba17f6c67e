//! Reaching machines: the user's own ssh with the agent behind it, or this machine.
