/** Tables as CSV: read as people paste them, written as spreadsheets open them. */

/** A cell that a spreadsheet would take for a formula is kept a text. */
const plain = (cell: string) => (/^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell);
const quoted = (cell: string) => (/[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

export function csvText(rows: string[][]): string {
	return `${rows.map((r) => r.map((c) => quoted(plain(c))).join(',')).join('\r\n')}\r\n`;
}

export function saveFile(name: string, text: string, type = 'text/csv;charset=utf-8') {
	const link = document.createElement('a');
	link.href = URL.createObjectURL(new Blob([`\ufeff${text}`], { type }));
	link.download = name;
	link.click();
	setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** What stands between the cells: what there is most of outside quotes, tabs before all. */
function separatorOf(text: string): RegExp {
	const bare = text.replace(/"(?:[^"]|"")*"/g, '');
	const count = (sign: RegExp) => (bare.match(sign) ?? []).length;
	if (count(/\t/g) > 0) return /\t/;
	return count(/[;；]/g) > count(/[,，、]/g) ? /[;；]/ : /[,，、]/;
}

/** Rows of cells; blanks around them go, empty lines too. */
export function readTable(text: string): string[][] {
	const separator = separatorOf(text);
	const rows: string[][] = [];
	let cells: string[] = [];
	let cell = '';
	let inside = false;
	const end = () => {
		cells.push(cell.trim());
		if (cells.some(Boolean)) rows.push(cells);
		cells = [];
		cell = '';
	};
	const all = text.replace(/^\ufeff/, '');
	for (let i = 0; i < all.length; i++) {
		const sign = all[i]!;
		if (inside) {
			if (sign === '"' && all[i + 1] === '"') cell += all[++i];
			else if (sign === '"') inside = false;
			else cell += sign;
		} else if (sign === '"' && cell.trim() === '') {
			inside = true;
			cell = '';
		} else if (separator.test(sign)) {
			cells.push(cell.trim());
			cell = '';
		} else if (sign === '\n' || sign === '\r') end();
		else cell += sign;
	}
	end();
	return rows;
}

/** A text file of any of the encodings that spreadsheets write here. */
export async function readText(file: Blob): Promise<string> {
	const bytes = new Uint8Array(await file.arrayBuffer());
	if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
	try {
		return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
	} catch {
		return new TextDecoder('gb18030').decode(bytes);
	}
}
