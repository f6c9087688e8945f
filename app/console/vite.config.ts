import preact from '@preact/preset-vite';
import { defineConfig, type Plugin } from 'vite';

// Go embeds the folder, so it exists in a clean clone too: as this one file.
const keepFolder: Plugin = {
  name: 'keep-folder',
  generateBundle() {
    this.emitFile({ type: 'asset', fileName: '.gitignore', source: '*\n!.gitignore\n' });
  },
};

export default defineConfig({
  base: '/console/',
  plugins: [preact(), keepFolder],
  css: { postcss: {} }, // given, it is not looked for in the folders above, which are not ours
  build: {
    outDir: '../../console/dist',
    emptyOutDir: true,
    target: 'es2023',
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1600,
    rolldownOptions: { checks: { pluginTimings: false } },
  },
});
