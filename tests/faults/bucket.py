"""The S3 server of the tests, and a client that is just able to list, read and remove."""

import datetime
import hashlib
import hmac
import http.client
import os
import subprocess
import urllib.parse
import xml.etree.ElementTree as xml

BUCKET = "fleet"
REGION = "eu-central-1"
ACCESS_KEY, SECRET_KEY = "an-access-key", "a-secret-key"


class Server:
    """It ends when its standard input does: with this process, too."""

    def __init__(self, folder):
        self.process = subprocess.Popen([os.environ["S3_SERVER"], folder, "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.endpoint = self.process.stdout.readline().strip()
        self.host = urllib.parse.urlsplit(self.endpoint).netloc
        self.environment = {
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def request(self, method, key="", query=()):
        """A signed request (version 4) without a body."""
        path = "/" + urllib.parse.quote(f"{BUCKET}/{key}" if key else BUCKET)
        query = urllib.parse.urlencode(sorted(query), quote_via=urllib.parse.quote)
        time = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        empty = hashlib.sha256(b"").hexdigest()
        headers = {"host": self.host, "x-amz-content-sha256": empty, "x-amz-date": time}
        signed = ";".join(headers)
        lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
        canonical = "\n".join((method, path, query, lines, signed, empty))
        scope = f"{time[:8]}/{REGION}/s3/aws4_request"
        text = "\n".join(("AWS4-HMAC-SHA256", time, scope, hashlib.sha256(canonical.encode()).hexdigest()))
        key = b"AWS4" + SECRET_KEY.encode()
        for part in (*scope.split("/"), text):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{scope}, SignedHeaders={signed}, Signature={key.hex()}"
        connection = http.client.HTTPConnection(self.host, timeout=20)
        connection.request(method, f"{path}?{query}" if query else path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        if answer.status >= 300:
            raise SystemExit(f"the test's server: {method} {path}: {answer.status} {body.decode(errors='replace')}")
        return body

    def keys(self, prefix):
        listed = xml.fromstring(self.request("GET", query=[("list-type", "2"), ("prefix", prefix)]))
        return [element.text for element in listed.iter() if element.tag.endswith("}Key") or element.tag == "Key"]

    def files(self, prefix):
        return {key[len(prefix):]: self.request("GET", key) for key in self.keys(prefix)}

    def remove(self, prefix):
        for key in self.keys(prefix):
            self.request("DELETE", key)
