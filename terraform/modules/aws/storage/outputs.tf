output "id" {
  value = aws_s3_bucket.this.arn
}

output "address" {
  value = "s3://${aws_s3_bucket.this.id}"
}

output "endpoint" {
  value = "https://${aws_s3_bucket.this.bucket_regional_domain_name}"
}
