#pragma once

#include <string>

#include "api/name_book.hpp"
#include "core/consensus/chain_spec.hpp"
#include "core/primitives/block.hpp"
#include "json/writer.hpp"
#include "ledger/tables.hpp"

namespace cairn {

/// Writes blocks, transfers and rewards as docs/http.md shows them. Any thread.
class Objects {
public:
    Objects(const ChainSpec& spec, const NameBook& names) : spec_{spec}, names_{names} {}

    void transfer(json::Writer& out, const Txid& id, const Transfer& transfer) const;
    void reward(json::Writer& out, const Txid& id, const Reward& reward) const;
    void transaction(json::Writer& out, const TransactionSlice& slice) const;
    /// A block in three pieces: up to its transactions, these (comma between), and what follows
    /// them. `before` and `after` are members that stand first and last, with the comma that parts
    /// them from the others.
    void block_head(std::string& out, const HeaderRecord& record,
                    std::string_view before = {}) const;
    void block_tail(std::string& out, const HeaderRecord& record, const BlockHash& hash,
                    std::string_view after = {}) const;
    /// A block without its transactions, with their number instead.
    void header(json::Writer& out, const HeaderRecord& record, const BlockHash& hash) const;

    [[nodiscard]] std::string address(const Address& address) const;
    [[nodiscard]] const ChainSpec& spec() const { return spec_; }

private:
    void header_members(json::Writer& out, const HeaderRecord& record, const BlockHash& hash) const;
    /// `text` if it is a name that proves itself, else the address.
    [[nodiscard]] std::string shown(const std::optional<std::string>& text,
                                    const Address& address) const;

    const ChainSpec& spec_;
    const NameBook& names_;
};

/// "1e0fffff".
[[nodiscard]] std::string bits_text(CompactBits bits);
/// Cumulative work as 64 hex digits.
[[nodiscard]] std::string work_text(const ChainWork& work);
/// The shortest decimal that reads back as the same double.
[[nodiscard]] std::string double_text(double value);

}  // namespace cairn
