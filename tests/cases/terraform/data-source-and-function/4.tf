# do: validate
# error: there is nothing to shout

output "shout" {
  value = provider::probe::shout("a", "")
}
