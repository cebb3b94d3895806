"""The best script that one would write by hand: python3 aiohttp_client.py URL REQUESTS AT_A_TIME.

Prompts from a grid, answers checked and appended to a file, exact duplicates dropped.
"""

import asyncio
import json
import sys
import tempfile

import aiohttp

url, requests, at_a_time = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
rules = "Write as people write to each other, with a concrete detail, and never name the feeling. " * 10


async def main():
    todo = iter(range(requests))
    seen = set()
    with tempfile.TemporaryFile("w") as out:

        async def worker(session):
            for number in todo:
                body = {
                    "model": "mock",
                    "max_tokens": 256,
                    "seed": number,
                    "messages": [
                        {"role": "system", "content": f"You write short posts. {rules}"},
                        {"role": "user", "content": f"Write a post about thing {number}." + " Some example." * 40},
                    ],
                }
                async with session.post(f"{url}/v1/chat/completions", json=body) as response:
                    answer = await response.json()
                text = json.loads(answer["choices"][0]["message"]["content"])["text"]
                if 4 <= len(text.split()) <= 60 and text not in seen:
                    seen.add(text)
                    out.write(json.dumps({"text": text, "number": number}) + "\n")

        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session:
            await asyncio.gather(*(worker(session) for _ in range(at_a_time)))
    assert len(seen) == requests, len(seen)


asyncio.run(main())
