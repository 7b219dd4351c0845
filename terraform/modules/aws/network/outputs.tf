output "id" {
  value = aws_vpc.this.arn
}

output "address" {
  value = aws_vpc.this.cidr_block
}

# What machines are attached to.
output "endpoint" {
  value = aws_subnet.this.id
}
