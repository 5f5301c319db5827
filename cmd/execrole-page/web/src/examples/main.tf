variable "image_tag" {
  type = string
}

resource "aws_ecr_repository" "shop" {
  name = "shop"
}

resource "aws_secretsmanager_secret" "db" {
  name = "shop/db"
}

resource "aws_cloudwatch_log_group" "shop" {
  name = "/ecs/shop"
}

resource "aws_ecs_task_definition" "shop" {
  family                   = "shop"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 512

  container_definitions = jsonencode([
    {
      name  = "app"
      image = "${aws_ecr_repository.shop.repository_url}:${var.image_tag}"
      secrets = [
        { name = "DB_PASSWORD", valueFrom = "${aws_secretsmanager_secret.db.arn}:password::" },
      ]
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          awslogs-group         = aws_cloudwatch_log_group.shop.name
          awslogs-region        = "eu-west-1"
          awslogs-stream-prefix = "app"
        }
      }
    },
  ])
}
