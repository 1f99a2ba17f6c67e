#!/bin/sh
echo '{"web": {"hosts": ["a", "b"], "vars": {"v": 1}, "children": ["sub"]}, "sub": ["c"], "lone": {"vars": {"q": [1, "x"]}}, "_meta": {"hostvars": {"a": {"x": 1, "t": "{{ v }}"}, "c": {"y": null}, "nobody": {"z": 1}}}}'
