# expect: terraform_data.later create
# expect: probe_thing.a create
# expect: probe_thing.b create
# state: probe_thing.a size = 3
# state: probe_thing.a one.label = "later"
# state: probe_thing.a one.seen = 5
# state: probe_thing.a many.0.seen = 5
# state: probe_thing.a bag.0.seen = 5
# state: probe_thing.a named.k.seen = 5
# state: probe_thing.a any = "later"
# state: probe_thing.b many.0.label = "later"
# state: probe_thing.b named.later.seen = 1
# state: probe_thing.b lamp.0.watts = 3

resource "terraform_data" "later" {
  input = { label = "later", size = 3 }
}

locals {
  later = terraform_data.later.output
}

resource "probe_thing" "a" {
  name  = local.later.label
  size  = local.later.size
  tags  = { t = local.later.label }
  one   = { label = local.later.label }
  many  = [{ label = local.later.label }, { label = "y", level = local.later.size }]
  bag   = [{ label = local.later.label }]
  named = { k = { label = local.later.label } }
  any   = local.later.label
}

# Here the containers themselves are unknown.
resource "probe_thing" "b" {
  name  = "b"
  many  = [for label in [local.later.label] : { label = label }]
  named = { (local.later.label) = { label = "x" } }
  bag   = local.later.size > 1 ? [{ label = "x" }] : null

  dynamic "lamp" {
    for_each = toset([local.later.size])
    content {
      watts = lamp.value
    }
  }
}
