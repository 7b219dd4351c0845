output "id" {
  value = aws_instance.this.arn
}

output "address" {
  value = aws_instance.this.private_ip
}

output "endpoint" {
  value = var.public ? aws_instance.this.public_ip : aws_instance.this.private_ip
}

output "instance_id" {
  value = aws_instance.this.id
}

output "private_ip" {
  value = aws_instance.this.private_ip
}

# Left out when the machine has none.
output "public_ip" {
  value = var.public ? aws_instance.this.public_ip : null
}
