"""Locust: its fast user, over and over, or a set number of times per second."""

import os

from locust import FastHttpUser, constant, constant_throughput, task

PER_USER = float(os.environ.get("PER_USER", "0"))


class Asker(FastHttpUser):
    wait_time = constant_throughput(PER_USER) if PER_USER else constant(0)

    @task
    def ask(self):
        self.client.get("/")
