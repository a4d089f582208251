// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// duckdb.mjs MODULES parquet CSV FILE [V1|V2]: the events as Parquet, zstd, row groups as
//     DuckDB makes them; CSV may be a pipe.
// duckdb.mjs MODULES report FILE DIRECTORY ROUNDS OFFSET: what the reports by process, by
//     protocol and by flow ask for, on two threads; the answers to DIRECTORY/NAME.tsv, with
//     times that are OFFSET ns later.
// MODULES is where @duckdb/node-api is installed. One line of JSON says the version and
// the seconds.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [modules, command, input, output, option, offset] = process.argv.slice(2);
const clockOffset = BigInt(offset || 0);
const require = createRequire(join(resolve(modules), 'here.js'));
const api = await import(pathToFileURL(require.resolve('@duckdb/node-api')).href);
const { DuckDBInstance } = api.DuckDBInstance ? api : api.default;

// The narrowest types that hold each column.
const columns = {
	timestamp: 'UBIGINT', is_send: 'BOOLEAN', pid: 'UINTEGER', start_ns: 'UBIGINT',
	tid: 'UINTEGER', comm: 'VARCHAR', owner_source: 'VARCHAR', saddr: 'VARCHAR',
	daddr: 'VARCHAR', sport: 'USMALLINT', dport: 'USMALLINT', protocol: 'VARCHAR',
	ethertype: 'USMALLINT', bytes: 'UINTEGER', segments: 'UINTEGER',
	header_bytes: 'USMALLINT', link_header_bytes: 'UTINYINT', tcp_flags: 'UTINYINT',
	ifindex: 'UINTEGER', netns: 'UINTEGER', cgroup_id: 'UBIGINT', flow_id: 'UBIGINT',
	vlan_id: 'USMALLINT', is_fragment: 'BOOLEAN', is_bad_header: 'BOOLEAN',
	is_tunnelled: 'BOOLEAN', is_local_addr: 'BOOLEAN', is_loopback: 'BOOLEAN',
};

// The measures that are plain sums; peaks and sources are not asked for. Directions are
// columns only when few rows are left, and so are the ends of a flow: that is quicker than
// a FILTER or CASE for each event.
const sums = `sum(bytes) AS bytes, sum(segments) AS packets,
	sum(bytes - header_bytes) AS payload_bytes,
	sum(bytes + (segments - 1) * coalesce(header_bytes, 0) + segments * link_header_bytes)
		AS wire_bytes,
	min(timestamp) AS first, max(timestamp) AS last`;
const leanSums = 'sum(bytes) AS bytes, sum(segments) AS packets';
const turned = (names) => names.flatMap((name) => [
	`sum(${name}) FILTER (WHERE is_send) AS send_${name}`,
	`sum(${name}) FILTER (WHERE NOT is_send) AS recv_${name}`]).join(', ');
const measures = `${turned(['bytes', 'packets', 'payload_bytes', 'wire_bytes'])},
	min(first) AS first, max(last) AS last`;
const leanMeasures = turned(['bytes', 'packets']);

const queries = (inner, outer) => ({
	process: `SELECT pid, start_ns AS start, any_value(comm) AS comm, ${outer}
		FROM (SELECT is_send, pid, start_ns, any_value(comm) AS comm, ${inner}
			FROM events GROUP BY is_send, pid, start_ns)
		GROUP BY pid, start_ns`,
	protocol: `SELECT protocol, ${outer}
		FROM (SELECT is_send, protocol, ${inner} FROM events GROUP BY is_send, protocol)
		GROUP BY protocol`,
	flow: `SELECT protocol, netns,
			CASE WHEN is_send THEN saddr ELSE daddr END AS local_addr,
			CASE WHEN is_send THEN sport ELSE dport END AS local_port,
			CASE WHEN is_send THEN daddr ELSE saddr END AS remote_addr,
			CASE WHEN is_send THEN dport ELSE sport END AS remote_port,
			pid, any_value(comm) AS comm, ${outer}
		FROM (SELECT is_send, protocol, netns, saddr, sport, daddr, dport, pid,
				any_value(comm) AS comm, ${inner}
			FROM events
			GROUP BY is_send, protocol, netns, saddr, sport, daddr, dport, pid)
		GROUP BY ALL`,
});

async function makeParquet(connection) {
	const types = Object.entries(columns).map(([name, type]) => `'${name}': '${type}'`);
	await connection.run(`COPY (SELECT * FROM read_csv('${input}', header = true, delim = ',',
			quote = '', escape = '', auto_detect = false, columns = {${types.join(', ')}}))
		TO '${output}' (FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION ${option || 'V1'})`);
}

// Times as ns since 1970; a sum over nothing is 0.
function toText(answer) {
	const names = answer.columnNames();
	const cell = (value, i) => {
		if (value === null)
			return /_(bytes|packets)$/.test(names[i]) ? '0' : '';
		return /^(start|first|last)$/.test(names[i]) ? BigInt(value) + clockOffset : value;
	};
	return answer.getRowsJson().map((row) => row.map(cell).join('\t') + '\n').join('');
}

async function report(connection) {
	const rounds = [], answers = {};
	const all = queries(sums, measures), lean = queries(leanSums, leanMeasures);
	const timed = async (query) => {
		const start = process.hrtime.bigint();
		const answer = await connection.runAndReadAll(query);
		return [answer, Number(process.hrtime.bigint() - start) / 1e9];
	};
	await connection.run(`CREATE VIEW events AS SELECT * FROM read_parquet('${input}')`);
	for (let round = 0; round < Number(option || 1); round++) {
		const seconds = { all: 0, lean: 0 };
		for (const name of Object.keys(all)) {
			[answers[name], seconds[name]] = await timed(all[name]);
			seconds.all += seconds[name];
		}
		for (const query of Object.values(lean))
			seconds.lean += (await timed(query))[1];
		rounds.push(seconds);
	}
	for (const [name, answer] of Object.entries(answers))
		writeFileSync(join(output, `${name}.tsv`), toText(answer));
	return rounds;
}

const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
const connection = await instance.connect();
const version = (await connection.runAndReadAll('SELECT version()')).getRows()[0][0];
const start = process.hrtime.bigint();
const rounds = command === 'parquet' ? await makeParquet(connection) : await report(connection);
const seconds = Number(process.hrtime.bigint() - start) / 1e9;
console.log(JSON.stringify({ version, seconds, rounds }));
