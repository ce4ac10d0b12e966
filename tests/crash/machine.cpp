#include "crash/machine.hpp"

#include <gtest/gtest.h>

#include "ledger/testing/state_digest.hpp"
#include "storage/memory_store.hpp"
#include "storage/testing/store_driver.hpp"

namespace crash {

using cairn::Node;
using cairn::testing::dump;

namespace {

std::set<cairn::Txid> pending_ids(const cairn::Staged& rows) {
    std::set<cairn::Txid> ids;
    for (std::optional<std::uint64_t> order = 0; order;) {
        const auto page = cairn::tables::pending_from(rows, *order, cairn::Bounds{});
        for (const auto& entry : page.entries) ids.insert(entry.transfer->id());
        order = page.next;
    }
    return ids;
}

}  // namespace

Reference::Reference(const Script& script) {
    cairn::MemoryStore store;
    const auto open = [&] {
        auto node = Node::open(script.chain(), store, {}, Script::kNow);
        EXPECT_TRUE(node);
        return std::move(*node);
    };
    auto node = open();
    rows.push_back(dump(*store.snapshot()));
    for (const auto& step : script.steps()) {
        if (step.reopen) node = open();
        answers.push_back(step.run(*node));
        EXPECT_TRUE(node->commit(Script::kNow)) << step.name;
        rows.push_back(dump(*store.snapshot()));
    }
    EXPECT_EQ(node->ledger().tip().hash, script.last_tip());
    chain = cairn::testing::chain_digest(node->rows());
    pending = pending_ids(node->rows());
}

bool Machine::open() {
    close();
    cairn::RocksStoreOptions options;
    options.file_system = disk;
    options.clock = cairn::testing::impatient_clock();
    options.memtable_bytes = 64 * 1024;
    options.cache_bytes = 64 * 1024;
    auto opened = cairn::RocksStore::open("/data/store", options);
    if (!opened) {
        error = opened.error().sentence;
        return false;
    }
    store = std::move(*opened);
    return open_node();
}

bool Machine::open_node() {
    auto made = Node::open(script_.chain(), *store, {}, Script::kNow);
    if (!made) {
        error = made.error().detail;
        return false;
    }
    node = std::move(*made);
    begun = true;
    return true;
}

void Machine::close() {
    node.reset();
    store.reset();
}

bool Machine::recover() {
    node.reset();
    if (!store) return open();
    if (auto well = store->recover(); !well) {
        error = well.error().detail;
        return false;
    }
    return open_node();
}

void Machine::run(const Reference& reference) {
    while (!finished()) {
        const Step& step = script_.steps()[acknowledged];
        if (step.reopen && !std::exchange(reopened, true) && !open()) return;
        const auto answers = step.run(*node);
        const auto committed = node->commit(Script::kNow);
        if (!committed) {
            error = committed.error().detail;
            return;
        }
        EXPECT_EQ(answers, reference.answers[acknowledged]) << step.name;
        ++acknowledged;
    }
}

std::string Machine::lost(const Reference& reference, bool with_one_in_flight) {
    const auto rows = dump(*store->snapshot());
    if (!begun) return rows.empty() || rows == reference.rows[0] ? "" : "rows before the beginning";
    if (rows == reference.rows[acknowledged]) return "";
    if (with_one_in_flight && !finished() && rows == reference.rows[acknowledged + 1]) {
        ++acknowledged;  // it was kept, and is not to be run again
        return "";
    }
    return "the rows are not those of the " + std::to_string(acknowledged) + " steps acknowledged";
}

std::string Machine::lost_transfer() const {
    for (std::size_t i = 0; i < acknowledged; ++i) {
        for (const auto& id : script_.steps()[i].admitted) {
            const auto dropped = cairn::tables::dropped(node->rows(), id);
            if (cairn::tables::location(node->rows(), id) || node->pool().find(id) ||
                (dropped && !dropped->reason.empty()))
                continue;
            return "transfer " + id.to_string() + " of step " + script_.steps()[i].name;
        }
    }
    return "";
}

std::string Machine::differs_at_the_end(const Reference& reference) const {
    if (node->ledger().tip().hash != script_.last_tip()) return "another tip";
    if (cairn::testing::chain_digest(node->rows()) != reference.chain) return "another state";
    if (pending_ids(node->rows()) != reference.pending) return "another pool";
    return lost_transfer();
}

}  // namespace crash
