output "id" {
  value = google_storage_bucket.this.id
}

output "address" {
  value = google_storage_bucket.this.url
}

output "endpoint" {
  value = "https://storage.googleapis.com/${google_storage_bucket.this.name}"
}
