#include <map>

#include "duel/contender.hpp"
#include "ledger/testing/state_digest.hpp"
#include "model/crypto.hpp"

namespace duel {

namespace {

using Rows = std::map<model::Bytes, model::Bytes>;

Rows rows_of(const cairn::Staged& rows, cairn::Table table) {
    Rows out;
    cairn::testing::for_each_row(rows, table,
                                 [&](const cairn::Row& row) { out[row.key] = *row.value; });
    return out;
}

model::Bytes big_endian(std::uint64_t value, unsigned size) {
    model::Bytes out;
    for (unsigned i = size; i-- > 0;) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    return out;
}

/// The rows that a chain leaves, written out once more from the drawing in ledger/tables.hpp.
struct Expected {
    Rows accounts, transactions, history, best;

    void add(const model::Bytes& bytes, std::uint64_t height) {
        const auto block = *model::decode_block(bytes);
        best[big_endian(height, 8)] = {block.hash.begin(), block.hash.end()};
        std::size_t offset = model::kHeaderSize + (block.transactions.size() < 0xfd ? 1 : 3);
        for (std::uint32_t i = 0; i < block.transactions.size(); ++i) {
            const auto& transaction = block.transactions[i];
            const auto size = static_cast<std::uint32_t>(transaction.encoded.size());
            transactions[{transaction.id.begin(), transaction.id.end()}] =
                model::Writer{}
                    .u64(height)
                    .u32(i)
                    .u32(static_cast<std::uint32_t>(offset))
                    .u32(size)
                    .done();
            offset += size;
            if (const auto* transfer = std::get_if<model::Transfer>(&transaction.content)) {
                const bool to_self = transfer->sender == transfer->recipient;
                entry(transfer->sender, height, i, transaction.id, to_self ? 3 : 1);
                if (!to_self) entry(transfer->recipient, height, i, transaction.id, 2);
            } else if (height > 1 || i > 0) {  // the commitment of genesis is to nobody
                entry(std::get<model::Reward>(transaction.content).recipient, height, i,
                      transaction.id, 2);
            }
        }
    }

private:
    void entry(const model::Bytes32& address, std::uint64_t height, std::uint32_t position,
               const model::Bytes32& id, std::uint8_t direction) {
        model::Writer key;
        key.raw(address).raw(big_endian(~height, 8)).raw(big_endian(~position, 4));
        history[key.done()] = model::Writer{}.raw(id).u8(direction).done();
    }
};

std::string first_difference(const char* table, const Rows& found, const Rows& expected) {
    for (const auto& [key, value] : expected) {
        const auto at = found.find(key);
        if (at == found.end()) return std::string{table} + ": no row " + model::hex(key);
        if (at->second != value)
            return std::string{table} + ": row " + model::hex(key) + " is " +
                   model::hex(at->second) + ", the replay has " + model::hex(value);
    }
    for (const auto& [key, value] : found)
        if (!expected.contains(key))
            return std::string{table} + ": row " + model::hex(key) + " is too many";
    return "";
}

std::string tip_difference(const cairn::Tip& tip, const model::Chain& chain) {
    const auto tell = [](const char* what, const std::string& found, const std::string& expected) {
        return std::string{what} + " is " + found + ", the replay has " + expected;
    };
    if (tip.hash != hash_of(chain.tip()))
        return tell("the tip", tip.hash.to_string(), model::shown(chain.tip()));
    if (tip.height != chain.height())
        return tell("the height", std::to_string(tip.height), std::to_string(chain.height()));
    model::Bytes32 work = tip.work.to_little_endian();
    if (model::integer_of(work) != chain.work())
        return tell("the work", model::integer_of(work).str(), chain.work().str());
    if (tip.issued != chain.state().issued)
        return tell("issued", std::to_string(tip.issued), std::to_string(chain.state().issued));
    return "";
}

}  // namespace

std::string difference(const cairn::Staged& rows, const model::Spec& spec,
                       const std::vector<model::Bytes>& blocks) {
    model::Chain chain{spec};
    Expected expected;
    expected.add(blocks.front(), 1);
    for (std::size_t i = 1; i < blocks.size(); ++i) {
        if (const auto broken = chain.connect(blocks[i]))
            return "the replay refuses block " + std::to_string(i + 1) + " by rule " +
                   std::to_string(broken->rule);
        expected.add(blocks[i], i + 1);
    }
    for (const auto& [address, account] : chain.state().accounts)
        expected.accounts[{address.begin(), address.end()}] =
            model::Writer{}.u64(account.balance).u64(account.nonce).done();

    const auto tip = cairn::tables::tip(rows);
    if (!tip) return "there is no tip";
    if (auto bad = tip_difference(*tip, chain); !bad.empty()) return bad;
    const struct {
        const char* name;
        cairn::Table table;
        const Rows& rows;
    } held[] = {{"accounts", cairn::Table::accounts, expected.accounts},
                {"transactions", cairn::Table::transactions, expected.transactions},
                {"history", cairn::Table::history, expected.history},
                {"best", cairn::Table::best, expected.best}};
    for (const auto& table : held)
        if (auto bad = first_difference(table.name, rows_of(rows, table.table), table.rows);
            !bad.empty())
            return bad;

    Rows undo_keys;
    for (std::size_t i = 1; i < blocks.size(); ++i) {
        model::Writer key;
        key.raw(big_endian(i + 1, 8)).raw(expected.best.at(big_endian(i + 1, 8)));
        undo_keys[key.done()] = {};
    }
    Rows undo = rows_of(rows, cairn::Table::undo);
    for (auto& row : undo) row.second.clear();
    if (auto bad = first_difference("undo", undo, undo_keys); !bad.empty()) return bad;

    const auto sum = cairn::testing::sum_of_balances(rows);
    if (sum != tip->issued)
        return "the balances sum up to " + std::to_string(sum) + ", issued is " +
               std::to_string(tip->issued);
    return "";
}

}  // namespace duel
