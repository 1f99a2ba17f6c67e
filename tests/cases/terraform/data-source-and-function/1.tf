# world: hall = {"size": 4}
# output: size = 4
# output: prefix = "p-"
# output: shout = "A B"

data "probe_look" "x" {
  name = "hall"
}

output "size" {
  value = data.probe_look.x.size
}

output "prefix" {
  value = data.probe_look.x.prefix
}

output "shout" {
  value = provider::probe::shout("a", "b")
}
