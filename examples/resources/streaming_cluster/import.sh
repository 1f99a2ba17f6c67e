# By the name of the cluster.
terraform import streaming_cluster.trivia trivia
