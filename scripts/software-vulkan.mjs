// Two software drivers of Vulkan for WebGPU in Node, unpacked into .tessera/vulkan; the system's own stay as they are.
// node scripts/software-vulkan.mjs gets them and prints the environment of each.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMain, root } from './setup.mjs';

const folder = join(root, '.tessera', 'vulkan');
const libraries = join(folder, 'mesa', 'usr', 'lib', 'x86_64-linux-gnu');

/** What each driver needs in the environment. A shader's cache must never meet another vector width. */
const drivers = {
  lavapipe: {
    LD_LIBRARY_PATH: libraries,
    VK_DRIVER_FILES: join(folder, 'lavapipe.json'),
    MESA_SHADER_CACHE_DIR: join(folder, 'cache'),
    LP_NATIVE_VECTOR_WIDTH: '128',
    XDG_RUNTIME_DIR: folder,
  },
  swiftshader: {
    LD_LIBRARY_PATH: join(folder, 'swiftshader'),
    VK_DRIVER_FILES: join(folder, 'swiftshader', 'vk_swiftshader_icd.json'),
    XDG_RUNTIME_DIR: folder,
  },
};

// What Mesa and SwiftShader are linked against.
const shared =
  'libvulkan1 libllvm15 libwayland-client0 libx11-xcb1 libxcb-dri3-0 libxcb-present0 libxcb-randr0 libxcb-shm0 libxcb-sync1 libxcb-xfixes0 libxcb1 libxshmfence1 libexpat1 libelf1';

function sh(command, parameters, cwd = folder) {
  const { status, stdout, error } = spawnSync(command, parameters, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (error || status !== 0) throw error ?? new Error(`${command} ${parameters.join(' ')} failed`);
  return stdout;
}

/** Mesa 25 from the backports (Dawn refuses Debian 12's own) and SwiftShader from Chromium's package. */
function install() {
  rmSync(folder, { recursive: true, force: true });
  for (const path of ['apt/lists/partial', 'apt/cache/archives/partial', 'mesa', 'swiftshader', 'cache']) {
    mkdirSync(join(folder, path), { recursive: true });
  }
  sh('apt-get', ['-qq', 'update']);
  const archive = (codename) =>
    sh('apt-get', ['indextargets', '--format', '$(REPO_URI)', 'Identifier: Packages', `Codename: ${codename}`]).split('\n')[0];
  const main = archive('bookworm');
  if (!main) throw new Error('apt has no archive of Debian 12');
  const key = '[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]';
  const sources = ['bookworm', 'bookworm-backports'].map((name) => `deb ${key} ${main} ${name} main\n`);
  const security = archive('bookworm-security');
  if (security) sources.push(`deb ${key} ${security} bookworm-security main\n`);
  writeFileSync(join(folder, 'apt', 'sources.list'), sources.join(''));
  const own = [
    `Dir::Etc::sourcelist=${folder}/apt/sources.list`,
    'Dir::Etc::sourceparts=-',
    `Dir::State::lists=${folder}/apt/lists`,
    `Dir::Cache=${folder}/apt/cache`,
    'APT::Sandbox::User=root',
  ].flatMap((option) => ['-o', option]);
  sh('apt-get', [...own, '-qq', 'update']);
  sh('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...shared.split(' ')]);
  sh('apt-get', [...own, '-qq', 'download', 'mesa-vulkan-drivers/bookworm-backports', 'libdrm2/bookworm-backports', 'chromium-common']);
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.deb'))) {
    if (!file.startsWith('chromium')) sh('dpkg-deb', ['-x', file, 'mesa']);
    else {
      sh('dpkg-deb', ['-x', file, 'chromium']);
      for (const name of ['libvk_swiftshader.so', 'vk_swiftshader_icd.json', 'libvulkan.so.1']) {
        sh('cp', [`chromium/usr/lib/chromium/${name}`, 'swiftshader/']);
      }
    }
    rmSync(join(folder, file));
  }
  for (const path of ['apt', 'chromium']) rmSync(join(folder, path), { recursive: true, force: true });
  const description = readFileSync(join(folder, 'mesa', 'usr', 'share', 'vulkan', 'icd.d', 'lvp_icd.json'), 'utf8');
  writeFileSync(drivers.lavapipe.VK_DRIVER_FILES, description.replace('libvulkan_lvp.so', join(libraries, 'libvulkan_lvp.so')));
}

const ready = () => Object.values(drivers).every(({ VK_DRIVER_FILES }) => existsSync(VK_DRIVER_FILES));

/** The environment of each driver, installed first where that can be; `undefined` where it cannot. */
export function softwareVulkan() {
  if (ready()) return drivers;
  if (process.platform !== 'linux' || process.arch !== 'x64' || process.getuid() !== 0 || !existsSync('/usr/bin/apt-get')) return undefined;
  console.log('Getting lavapipe and SwiftShader for the tests of WebGPU …');
  try {
    install();
  } catch (error) {
    console.error(`They cannot be had: ${error.message}`);
  }
  return ready() ? drivers : undefined;
}

if (isMain(import.meta.url)) {
  const found = softwareVulkan();
  if (!found) process.exit(1);
  for (const [name, environment] of Object.entries(found)) {
    console.log(
      `${name}: ${Object.entries(environment)
        .map(([key, value]) => `${key}=${value}`)
        .join(' ')}`,
    );
  }
}
