// The process behind the case `listing`: an S3 server with as many keys as its first argument says, and a latency in ms.
import { startFakeS3 } from '../../test/support/fake-s3.js';

const [count, latencyMs] = [Number(process.argv[2]), Number(process.argv[3])];
const digits = String(count).length;
const keys = Array.from({ length: count }, (_, index) => {
  const name = `object-${String(index).padStart(digits, '0')}`;
  // A folder with three quarters of all, and many small ones: as uneven as buckets are.
  return index % 4 === 0 ? `archive/2024/${index % 365}/${name}` : `data/${name}`;
}).sort();
const fake = await startFakeS3(keys);
fake.latencyMs = latencyMs;
process.send!(fake.connection().endpoint);
process.on('disconnect', () => process.exit());
