output "id" {
  value = aws_instance.this.arn
}

output "address" {
  value = aws_instance.this.private_ip
}

output "endpoint" {
  value = var.public ? aws_instance.this.public_ip : aws_instance.this.private_ip
}
