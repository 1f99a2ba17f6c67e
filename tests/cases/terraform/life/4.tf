# expect: probe_thing.a delete
# absent: probe_thing.a
# happened: delete room

# Nothing is wanted any more.
