#include "ledger/tables.hpp"

#include "core/base/ensure.hpp"
#include "core/primitives/codec.hpp"

namespace cairn::tables {
namespace {

constexpr std::uint8_t kRecord = 0;
constexpr std::uint8_t kChild = 1;
constexpr std::uint8_t kBare = 3;

Bytes text_key(std::string_view text) {
    const ByteView view = as_bytes(text);
    return {view.begin(), view.end()};
}

template <class Tag>
Bytes prefixed(std::uint8_t prefix, const Digest<Tag>& digest) {
    Bytes key{prefix};
    append(key, digest.bytes);
    return key;
}

Bytes bare_key(const BareHeader& header) {
    Bytes key{kBare};
    append_big_endian(key, ~header.height);
    append(key, header.hash.bytes);
    return key;
}

/// The last 32 bytes of the keys of all rows that begin with `prefix`.
std::vector<BlockHash> hashes_under(const Staged& rows, const Bytes& prefix) {
    std::vector<BlockHash> hashes;
    Bytes from = prefix;
    Bytes to = prefix;
    to.insert(to.end(), 40, 0xff);
    for (;;) {
        const auto found = rows.scan(Table::headers, from, to, Bounds{});
        for (const auto& row : found)
            if (auto hash = BlockHash::from_bytes(ByteView{row.key}.subspan(prefix.size())))
                hashes.push_back(*hash);
        if (found.empty()) return hashes;
        from = found.back().key;
        from.push_back(0);
    }
}

void write_account(Writer& writer, const Account& account) {
    writer.integer(account.balance).integer(account.nonce);
}

Account read_account(Reader& reader) {
    Account account;
    account.balance = reader.integer<std::uint64_t>();
    account.nonce = reader.integer<std::uint64_t>();
    return account;
}

Bytes history_key(const Address& address, Height height, std::uint32_t position) {
    Bytes key(address.bytes.begin(), address.bytes.end());
    append_big_endian(key, ~height);
    append_big_endian(key, ~position);
    return key;
}

struct IndexRow {
    Txid id;
    Location location;
    std::vector<std::pair<Address, std::uint8_t>> parties;
};

void put_index(Staged& rows, const IndexRow& row) {
    Writer place;
    place.integer(row.location.height)
        .integer(row.location.position)
        .integer(row.location.offset)
        .integer(row.location.size);
    rows.put(Table::transactions, Bytes(row.id.bytes.begin(), row.id.bytes.end()), place.take());
    for (const auto& [address, direction] : row.parties) {
        Writer value;
        value.raw(row.id.bytes).integer(direction);
        rows.put(Table::history, history_key(address, row.location.height, row.location.position),
                 value.take());
    }
}

void erase_index(Staged& rows, const IndexRow& row) {
    rows.erase(Table::transactions, Bytes(row.id.bytes.begin(), row.id.bytes.end()));
    for (const auto& party : row.parties)
        rows.erase(Table::history,
                   history_key(party.first, row.location.height, row.location.position));
}

std::vector<std::pair<Address, std::uint8_t>> parties_of(const CheckedTransfer& transfer) {
    if (transfer.sender() == transfer.recipient())
        return {{transfer.sender(), static_cast<std::uint8_t>(kOutgoing | kIncoming)}};
    return {{transfer.sender(), kOutgoing}, {transfer.recipient(), kIncoming}};
}

template <class Each>
void for_each_index(Height height, const CheckedBlock& block, Each each) {
    const std::size_t count = block.transfers.size() + 1;
    std::size_t offset = BlockHeader::kSize + varint_size(count);
    const std::size_t reward_size = encode(block.reward).size();
    each(IndexRow{
        block.reward_id,
        {height, 0, static_cast<std::uint32_t>(offset), static_cast<std::uint32_t>(reward_size)},
        {{block.reward.recipient, kIncoming}}});
    offset += reward_size;
    for (std::size_t i = 0; i < block.transfers.size(); ++i) {
        const CheckedTransfer& transfer = *block.transfers[i];
        const std::size_t size = transfer.bytes().size();
        each(IndexRow{transfer.id(),
                      {height, static_cast<std::uint32_t>(i + 1),
                       static_cast<std::uint32_t>(offset), static_cast<std::uint32_t>(size)},
                      parties_of(transfer)});
        offset += size;
    }
}

}  // namespace

std::optional<BlockHash> chain(const Staged& rows) {
    const auto value = rows.get(Table::meta, as_bytes("chain"));
    return value ? BlockHash::from_bytes(*value) : std::nullopt;
}

void put_chain(Staged& rows, const BlockHash& genesis) {
    rows.put(Table::meta, text_key("chain"), Bytes(genesis.bytes.begin(), genesis.bytes.end()));
}

std::optional<Tip> tip(const Staged& rows) {
    const auto value = rows.get(Table::meta, as_bytes("tip"));
    if (!value) return std::nullopt;
    Reader reader{*value};
    Tip tip;
    tip.hash.bytes = reader.array<32>();
    tip.height = reader.integer<std::uint64_t>();
    tip.work = U256::from_little_endian(reader.array<32>());
    tip.time = reader.integer<std::uint32_t>();
    tip.issued = reader.integer<std::uint64_t>();
    if (!reader.finished()) return std::nullopt;
    return tip;
}

void put_tip(Staged& rows, const Tip& tip) {
    Writer writer;
    writer.raw(tip.hash.bytes)
        .integer(tip.height)
        .raw(tip.work.to_little_endian())
        .integer(tip.time)
        .integer(tip.issued);
    rows.put(Table::meta, text_key("tip"), writer.take());
}

std::uint64_t sequence(const Staged& rows) {
    const auto value = rows.get(Table::meta, as_bytes("sequence"));
    return value ? Reader{*value}.integer<std::uint64_t>() : 0;
}

void put_sequence(Staged& rows, std::uint64_t next) {
    Writer writer;
    rows.put(Table::meta, text_key("sequence"), writer.integer(next).take());
}

std::optional<HeaderRecord> header(const Staged& rows, const BlockHash& hash) {
    const auto value = rows.get(Table::headers, prefixed(kRecord, hash));
    if (!value) return std::nullopt;
    Reader reader{*value};
    HeaderRecord record;
    const auto header = decode_header(reader.raw(BlockHeader::kSize));
    record.height = reader.integer<std::uint64_t>();
    record.work = U256::from_little_endian(reader.array<32>());
    record.anchor_time = reader.integer<std::uint32_t>();
    const auto flags = reader.integer<std::uint8_t>();
    record.reason = static_cast<Rule>(reader.integer<std::uint8_t>());
    record.sequence = reader.integer<std::uint64_t>();
    record.size = reader.integer<std::uint32_t>();
    record.transactions = reader.integer<std::uint32_t>();
    if (!header || !reader.finished()) return std::nullopt;
    record.header = *header;
    record.has_body = (flags & 1) != 0;
    record.linked = (flags & 2) != 0;
    record.invalid = (flags & 4) != 0;
    return record;
}

void put_header(Staged& rows, const BlockHash& hash, const HeaderRecord& record) {
    const int flags =
        (record.has_body ? 1 : 0) | (record.linked ? 2 : 0) | (record.invalid ? 4 : 0);
    Writer writer;
    writer.raw(encode(record.header))
        .integer(record.height)
        .raw(record.work.to_little_endian())
        .integer(record.anchor_time)
        .integer(static_cast<std::uint8_t>(flags))
        .integer(static_cast<std::uint8_t>(record.reason))
        .integer(record.sequence)
        .integer(record.size)
        .integer(record.transactions);
    rows.put(Table::headers, prefixed(kRecord, hash), writer.take());
}

std::vector<BlockHash> children(const Staged& rows, const BlockHash& parent) {
    return hashes_under(rows, prefixed(kChild, parent));
}

void put_child(Staged& rows, const BlockHash& parent, const BlockHash& child) {
    Bytes key = prefixed(kChild, parent);
    append(key, child.bytes);
    rows.put(Table::headers, std::move(key), {});
}

std::vector<BlockHash> children_behind(const Staged& rows, const BlockHash& parent,
                                       const std::optional<BlockHash>& behind, std::size_t limit) {
    const Bytes prefix = prefixed(kChild, parent);
    Bytes from = prefix;
    if (behind) {
        append(from, behind->bytes);
        from.push_back(0);
    }
    Bytes to = prefix;
    to.insert(to.end(), 40, 0xff);
    std::vector<BlockHash> hashes;
    for (const auto& row : rows.scan(Table::headers, from, to, Bounds{limit, SIZE_MAX}))
        if (auto hash = BlockHash::from_bytes(ByteView{row.key}.subspan(prefix.size())))
            hashes.push_back(*hash);
    return hashes;
}

bool has_children(const Staged& rows, const BlockHash& parent) {
    return !children_behind(rows, parent, std::nullopt, 1).empty();
}

void erase_header(Staged& rows, const BlockHash& hash, const BlockHash& parent) {
    rows.erase(Table::headers, prefixed(kRecord, hash));
    Bytes child = prefixed(kChild, parent);
    append(child, hash.bytes);
    rows.erase(Table::headers, std::move(child));
}

std::uint64_t bare_count(const Staged& rows) {
    const auto value = rows.get(Table::meta, as_bytes("bare"));
    return value ? Reader{*value}.integer<std::uint64_t>() : 0;
}

void put_bare_count(Staged& rows, std::uint64_t count) {
    Writer writer;
    rows.put(Table::meta, text_key("bare"), writer.integer(count).take());
}

bool is_bare(const Staged& rows, const BareHeader& header) {
    return rows.get(Table::headers, bare_key(header)).has_value();
}

void put_bare(Staged& rows, const BareHeader& header) {
    rows.put(Table::headers, bare_key(header), {});
}

void erase_bare(Staged& rows, const BareHeader& header) {
    rows.erase(Table::headers, bare_key(header));
}

std::vector<BareHeader> bare_headers(const Staged& rows, const std::optional<BareHeader>& behind,
                                     std::size_t limit) {
    Bytes from{kBare};
    if (behind) {
        from = bare_key(*behind);
        from.push_back(0);
    }
    std::vector<BareHeader> headers;
    for (const auto& row :
         rows.scan(Table::headers, from, Bytes{kBare + 1}, Bounds{limit, SIZE_MAX})) {
        const ByteView key = ByteView{row.key}.subspan(1);
        if (key.size() != sizeof(Height) + 32) continue;
        BareHeader header;
        header.height = ~read_big_endian<std::uint64_t>(key);
        header.hash = *BlockHash::from_bytes(key.subspan(sizeof(Height)));
        headers.push_back(header);
    }
    return headers;
}

std::vector<BlockHash> marked(const Staged& rows, Mark mark) {
    return hashes_under(rows, Bytes{static_cast<std::uint8_t>(mark)});
}

void put_mark(Staged& rows, Mark mark, const BlockHash& hash) {
    rows.put(Table::headers, prefixed(static_cast<std::uint8_t>(mark), hash), {});
}

void erase_mark(Staged& rows, Mark mark, const BlockHash& hash) {
    rows.erase(Table::headers, prefixed(static_cast<std::uint8_t>(mark), hash));
}

void report_lost(const Staged& rows, const BlockHash& block) {
    rows.report(
        {StoreFault::corrupt, "a row of block " + block.to_string() +
                                  " is missing or damaged: restore a backup or import an export"});
}

Bytes height_key(Height height) {
    Bytes key;
    append_big_endian(key, height);
    return key;
}

Bytes block_key(Height height, const BlockHash& hash) {
    Bytes key = height_key(height);
    append(key, hash.bytes);
    return key;
}

std::optional<Bytes> block(const Staged& rows, Height height, const BlockHash& hash) {
    return rows.get(Table::blocks, block_key(height, hash));
}

void put_block(Staged& rows, Height height, const BlockHash& hash, ByteView bytes) {
    rows.put(Table::blocks, block_key(height, hash), Bytes(bytes.begin(), bytes.end()));
}

std::optional<Undo> undo(const Staged& rows, Height height, const BlockHash& hash) {
    const auto value = rows.get(Table::undo, block_key(height, hash));
    if (!value) return std::nullopt;
    Reader reader{*value};
    Undo undo;
    undo.issued = reader.integer<std::uint64_t>();
    const std::uint64_t count = reader.varint();
    for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
        Address address;
        address.bytes = reader.array<32>();
        std::optional<Account> account;
        if (reader.integer<std::uint8_t>() == 1) account = read_account(reader);
        undo.accounts.emplace_back(address, account);
    }
    if (!reader.finished()) return std::nullopt;
    return undo;
}

void put_undo(Staged& rows, Height height, const BlockHash& hash, const Connected& connected,
              std::uint64_t issued_before) {
    Writer writer;
    writer.integer(issued_before).varint(connected.before.size());
    for (const auto& [address, account] : connected.before) {
        writer.raw(address.bytes).integer(static_cast<std::uint8_t>(account ? 1 : 0));
        if (account) write_account(writer, *account);
    }
    rows.put(Table::undo, block_key(height, hash), writer.take());
}

void erase_undo(Staged& rows, Height height, const BlockHash& hash) {
    rows.erase(Table::undo, block_key(height, hash));
}

std::optional<BlockHash> best(const Staged& rows, Height height) {
    const auto value = rows.get(Table::best, height_key(height));
    return value ? BlockHash::from_bytes(*value) : std::nullopt;
}

std::vector<BlockHash> best_from(const Staged& rows, Height height, std::size_t limit) {
    std::vector<BlockHash> hashes;
    for (const auto& row :
         rows.scan(Table::best, height_key(height), {}, Bounds{limit, SIZE_MAX})) {
        const auto hash = BlockHash::from_bytes(*row.value);
        if (!hash || row.key != height_key(height + hashes.size())) break;
        hashes.push_back(*hash);
    }
    return hashes;
}

void put_best(Staged& rows, Height height, const BlockHash& hash) {
    rows.put(Table::best, height_key(height), Bytes(hash.bytes.begin(), hash.bytes.end()));
}

void erase_best(Staged& rows, Height height) { rows.erase(Table::best, height_key(height)); }

std::optional<Account> account(const Staged& rows, const Address& address) {
    const auto value = rows.get(Table::accounts, address.bytes);
    if (!value) return std::nullopt;
    Reader reader{*value};
    return read_account(reader);
}

void put_account(Staged& rows, const Address& address, const std::optional<Account>& account) {
    Bytes key(address.bytes.begin(), address.bytes.end());
    if (!account) return rows.erase(Table::accounts, std::move(key));
    Writer writer;
    write_account(writer, *account);
    rows.put(Table::accounts, std::move(key), writer.take());
}

std::optional<Location> location(const Staged& rows, const Txid& id) {
    const auto value = rows.get(Table::transactions, id.bytes);
    if (!value) return std::nullopt;
    Reader reader{*value};
    Location location;
    location.height = reader.integer<std::uint64_t>();
    location.position = reader.integer<std::uint32_t>();
    location.offset = reader.integer<std::uint32_t>();
    location.size = reader.integer<std::uint32_t>();
    return location;
}

std::vector<HistoryEntry> history(const Staged& rows, const Address& address,
                                  const std::optional<std::pair<Height, std::uint32_t>>& after,
                                  std::size_t limit) {
    Bytes from(address.bytes.begin(), address.bytes.end());
    if (after) {
        from = history_key(address, after->first, after->second);
        from.push_back(0);
    }
    Bytes to(address.bytes.begin(), address.bytes.end());
    to.insert(to.end(), 13, 0xff);
    std::vector<HistoryEntry> entries;
    for (const auto& row : rows.scan(Table::history, from, to, Bounds{limit, SIZE_MAX})) {
        const ByteView key{row.key};
        HistoryEntry entry;
        entry.height = ~read_big_endian<std::uint64_t>(key.subspan(32));
        entry.position = ~read_big_endian<std::uint32_t>(key.subspan(40));
        Reader reader{*row.value};
        entry.id.bytes = reader.array<32>();
        entry.direction = reader.integer<std::uint8_t>();
        entries.push_back(entry);
    }
    return entries;
}

void index_block(Staged& rows, Height height, const CheckedBlock& block) {
    for_each_index(height, block, [&](const IndexRow& row) { put_index(rows, row); });
}

void unindex_block(Staged& rows, Height height, const CheckedBlock& block) {
    for_each_index(height, block, [&](const IndexRow& row) { erase_index(rows, row); });
}

void index_genesis(Staged& rows, const ChainParams& params) {
    const ByteView bytes{params.genesis_bytes()};
    const auto genesis = decode_block(bytes);
    ENSURE(genesis.has_value());
    for (std::size_t i = 0; i < genesis->transactions.size(); ++i) {
        const auto& slice = genesis->transactions[i];
        const auto& reward = std::get<Reward>(slice.value);
        IndexRow row{slice.id,
                     {1, static_cast<std::uint32_t>(i),
                      static_cast<std::uint32_t>(slice.bytes.data() - bytes.data()),
                      static_cast<std::uint32_t>(slice.bytes.size())},
                     {}};
        if (i > 0) row.parties.emplace_back(reward.recipient, kIncoming);
        put_index(rows, row);
    }
}

}  // namespace cairn::tables
