import { library } from '../../tsup.base.ts';

export default library({ index: 'src/index.ts', composites: 'src/composites/index.ts' });
