//! Ansible's Jinja2: variables, expressions, filters, tests and lookups.
