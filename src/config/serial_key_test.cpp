// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/serial_key.hpp"

#include "config/testing.hpp"
#include "config/xend_form.hpp"
#include "config/xl_form.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windsor::config {
namespace {

using serial::End;
using serial::Kind;
using serial::Part;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<End> ends_of(const std::string& value)
{
    return serial_ends(load("serial = " + value).config).value();
}

TEST(Serial, NamesUpToFourPorts)
{
    EXPECT_THAT(ends_of("'pty'"), ElementsAre(End{.kind = Kind::Terminal}));
    EXPECT_THAT(ends_of("['pty']"), ElementsAre(End{.kind = Kind::Terminal}));
    EXPECT_THAT(ends_of("['none', 'pty', 'file:/var/log/x', 'tcp:h:1,server,nowait']"),
                ElementsAre(End{.kind = Kind::Absent}, End{.kind = Kind::Terminal},
                            End{.kind = Kind::File, .path = "/var/log/x"},
                            End{.kind = Kind::Tcp, .host = "h", .port = "1", .part = Part::Listens}));
    EXPECT_EQ(first_line(error_of("serial = ['pty', 'pty', 'pty', 'pty', 'pty']")),
              "test.cfg:1:39: a machine has 4 serial ports at the most");
}

TEST(Serial, IsConnectedToNobodyUnlessSomebodySaysSo)
{
    for (const char* nobody : {"'null'", "''", "[]", "['']", "None"}) {
        EXPECT_THAT(ends_of(nobody), ElementsAre(End{.kind = Kind::Nobody})) << nobody;
    }
    EXPECT_THAT(serial_ends(load("").config).value(), ElementsAre(End{}));
    EXPECT_THAT(ends_of("'none'"), ElementsAre(End{.kind = Kind::Absent})) << "and the machine lacks the port";
    EXPECT_TRUE(has_terminal(load("serial = ['null', 'pty']").config));
    EXPECT_FALSE(has_terminal(load("serial = ['null', 'file:/pty']").config));
}

TEST(Serial, RefusesWhatThereIsNotWithItsPlace)
{
    EXPECT_EQ(first_line(error_of("serial = 'stdio'")),
              "test.cfg:1:10: a serial port cannot be connected to 'stdio': a domain has no terminal of its own; use "
              "'pty', which 'create -c' and 'console' join");
    EXPECT_THAT(first_line(error_of("serial = ['pty', 'file:log']")), HasSubstr("test.cfg:1:18: 'log' is no path"));
    EXPECT_THAT(first_line(error_of("serial = 'tcp:localhost'")), HasSubstr("has no port from 1 to 65535"));
}

TEST(Serial, SaysThatTheGuestDoesNotWaitForAClient)
{
    EXPECT_THAT(warnings_of(load("serial = 'tcp:localhost:4444,server'")),
                ElementsAre(HasSubstr("does not keep the guest from beginning")));
    EXPECT_THAT(warnings_of(load("serial = 'tcp:localhost:4444,server,nowait'")), IsEmpty());
    EXPECT_THAT(warnings_of(load("serial = 'tcp:localhost:4444'")), IsEmpty());
}

TEST(Serial, IsListedAsItIsWritten)
{
    const auto xl = [](const std::string& line) { return xl_form(load(line).config)["b_info"]["type.hvm"]; };
    const auto xend = [](const std::string& line) { return print_sxp(xend_form(load(line).config, std::nullopt)); };
    EXPECT_FALSE(xl("").contains("serial"));
    EXPECT_EQ(xl("serial = 'pty'")["serial"], "pty");
    EXPECT_FALSE(xl("serial = ['pty', 'null']").contains("serial"));
    EXPECT_EQ(xl("serial = ['pty', 'null']")["serial_list"].dump(), R"(["pty","null"])");
    EXPECT_THAT(xend(""), HasSubstr("(serial null)"));
    EXPECT_THAT(xend("serial = 'pty'"), HasSubstr("(serial pty)"));
    EXPECT_THAT(xend("serial = ['pty', 'file:/x']"), HasSubstr("(serial (pty file:/x))"));
}

} // namespace
} // namespace windsor::config
