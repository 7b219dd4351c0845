locals {
  sizes = { small = "t3.micro", medium = "t3.large", large = "m6i.2xlarge" }
}

data "aws_ami" "amazon_linux" {
  count       = var.image == null ? 1 : 0
  most_recent = true
  owners      = ["amazon"]

  filter {
    name   = "name"
    values = ["al2023-ami-2023.*-x86_64"]
  }
}

resource "aws_instance" "this" {
  ami                         = coalesce(var.image, one(data.aws_ami.amazon_linux[*].id))
  instance_type               = lookup(local.sizes, var.size, var.size)
  subnet_id                   = var.subnet_id
  vpc_security_group_ids      = length(var.security_group_ids) > 0 ? var.security_group_ids : null
  key_name                    = var.key_name
  associate_public_ip_address = var.public
  tags                        = merge(var.tags, { Name = var.name })

  root_block_device {
    volume_size = var.disk_gb
    volume_type = "gp3"
    encrypted   = true
  }

  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "required"
  }

  lifecycle {
    # A newer image must not replace a machine that is in use.
    ignore_changes = [ami]
  }
}
