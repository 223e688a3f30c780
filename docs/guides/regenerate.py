"""Runs the commands that the guides show and puts what they print where it stands; draws the pictures anew.
Called by scripts/guides. A block that begins with '$ synfire' is run on a shop played up to the moment of the last
comment '<!-- at TIME -->' before it; what the text says of the numbers is for the author to read again."""
import glob, os, re, subprocess, sys, tempfile, time

START = '2026-10-26'
BLOCK = re.compile(r'<!-- at (\S+) -->|^```\n\$ synfire (.*)\n(?:.*\n)*?```$', re.M)


class Shop:
    """A cluster of its own that has seen the demonstration's shop up to a moment."""

    def __init__(self, binary, moment):
        # A short path: sockets lie in it.
        self.folder = tempfile.TemporaryDirectory(prefix='guide-', dir='/tmp')
        self.environment = dict(os.environ, SYNFIRE_STATE=self.folder.name + '/state')
        self.binary = binary
        files = self.folder.name + '/shop'
        self.run('demo', 'shop', '--files', files, '--start', START)
        self.up = subprocess.Popen(
            [binary, 'up', '--config', files + '/shop.yaml', '--cores', '2', '--quiet'], env=self.environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            self.wait(lambda: self.works('status'))
            self.run('demo', 'shop', '--start', START, '--until', moment, '--quiet')
            self.settle()
        except BaseException:
            self.close()
            raise

    def close(self):
        self.up.terminate()
        self.up.wait()
        self.folder.cleanup()

    def run(self, *words):
        return subprocess.run(
            [self.binary, *words], env=self.environment, check=True, stdout=subprocess.PIPE, text=True).stdout

    def works(self, *words):
        quiet = subprocess.DEVNULL
        return subprocess.run([self.binary, *words], env=self.environment, stdout=quiet, stderr=quiet).returncode == 0

    def wait(self, done):
        end = time.monotonic() + 120
        while not done():
            if time.monotonic() > end:
                raise SystemExit('guides: the cluster did not become ready within two minutes')
            time.sleep(0.2)

    def settle(self):
        """Waits until the answers no longer change."""
        self.wait(lambda: self.works('recommend', 'gateway'))
        last, since = None, time.monotonic()
        while time.monotonic() - since < 3:
            now = self.run('recommend', '-o', 'json')
            if now != last:
                last, since = now, time.monotonic()
            time.sleep(0.3)


def words(command):
    """The words of a command line with double quotes."""
    return [a or b for a, b in re.findall(r'"([^"]*)"|(\S+)', command)]


def main():
    folder, binary, cores = sys.argv[1], os.path.abspath(sys.argv[2]), '2'
    guides = sorted(glob.glob(folder + '/*.md'))
    moments = sorted({m for path in guides for m, _ in BLOCK.findall(open(path).read()) if m})
    printed = {}
    for moment in moments:
        shop = Shop(binary, moment)
        try:
            for path in guides:
                now = None
                for at, command in BLOCK.findall(open(path).read()):
                    now = at or now
                    if command and now == moment:
                        printed[moment, command] = shop.run(*words(command))
                    if command and not now:
                        raise SystemExit(f'guides: {path}: no <!-- at TIME --> stands before: synfire {command}')
        finally:
            shop.close()
    for path in guides:
        text, now = open(path).read(), None

        def renewed(match):
            nonlocal now
            if match[1]:
                now = match[1]
                return match[0]
            lines = [line.rstrip() for line in printed[now, match[2]].rstrip('\n').split('\n')]
            return '```\n$ synfire %s\n%s\n```' % (match[2], '\n'.join(lines))

        with open(path, 'w') as file:
            file.write(BLOCK.sub(renewed, text))
    subprocess.run([binary, 'demo', 'run', '--cores', cores, '--pictures', folder + '/pictures', '--quiet'], check=True,
        stdout=subprocess.DEVNULL)


if __name__ == '__main__':
    main()
