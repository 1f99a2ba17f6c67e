#!/bin/sh
if [ "$1" = "--host" ]; then echo "{\"name\": \"$2\"}"; else echo '{"g": {"hosts": ["a", "b"]}, "plain": {"k": 1}, "h": ["a"]}'; fi
