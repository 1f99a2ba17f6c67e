data "streaming_cluster" "trivia" {
  name = "trivia"
}

output "edges" {
  value = [for name, machine in data.streaming_cluster.trivia.machines : machine.public_ipv4 if machine.role == "edge"]
}
