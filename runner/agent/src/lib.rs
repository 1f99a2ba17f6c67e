//! The program pushed to a managed machine: frames in, outcomes out.
