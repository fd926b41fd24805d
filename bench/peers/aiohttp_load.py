"""aiohttp: one request or message over and over; users hardly ask anything when there is a pause."""

import asyncio
import sys

import aiohttp


async def ask(session, url, pause):
    while True:
        async with session.get(url) as answer:
            await answer.read()
        if pause:
            await asyncio.sleep(pause)


async def talk(session, url, pause):
    async with session.ws_connect(url, autoping=True) as socket:
        number = 0
        while True:
            number += 1
            await socket.send_str('{"type":"ping","id":%d}' % number)
            await socket.receive()
            if pause:
                await asyncio.sleep(pause)


async def main(url, users, seconds, pause):
    user = talk if url.startswith("ws") else ask
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        users = [asyncio.create_task(user(session, url, pause)) for _ in range(users)]
        await asyncio.wait(users, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
        for user in users:
            user.cancel()


asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])))
